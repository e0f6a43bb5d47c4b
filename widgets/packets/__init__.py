"""The packets panel: captures opened, listed, dissected and counted; what crafts and captures has views of its own."""
