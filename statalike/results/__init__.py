"""Results of commands: matrices with named rows and columns, and the r(), e(), s() stores."""
