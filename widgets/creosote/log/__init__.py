"""The log as a person works with it: filter, alarms, jump, menus, export."""
