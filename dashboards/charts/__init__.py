"""Pictures, in colours that colour-blind readers tell apart; place, shape or dashes say the same as the colour."""
