"""The parts panels are built from: cards, banners, facts, segments. They know the theme, never a subject."""
