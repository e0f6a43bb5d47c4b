"""What client and server say to each other: live, and both ends' transcripts in step."""
