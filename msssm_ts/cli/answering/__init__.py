"""What a model says of series, and how sure it is: shared by the commands that ask one."""
