"""The risk model: how probable it is that an inspection or a dispute will find a return abusive."""
