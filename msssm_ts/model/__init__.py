"""The MS-SSM network."""

from msssm_ts.model.block import MSSSM, MSSSMBlock
from msssm_ts.model.classifier import MSSSMNetwork
from msssm_ts.model.config import MSSSMConfig

__all__ = ["MSSSM", "MSSSMBlock", "MSSSMConfig", "MSSSMNetwork"]
