"""From a recording to a report: beats found, cut, labelled by a model elsewhere, counted, drawn."""
