"""The look: colour tokens, fonts, icons, signs and the style sheet, switchable while the lab runs."""
