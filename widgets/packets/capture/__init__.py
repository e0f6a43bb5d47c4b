"""Live capture: what this user may do, the form, one capture from start to end."""
