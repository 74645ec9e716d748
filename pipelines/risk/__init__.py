"""The risk model's part of the pipeline: what it sees and learns from, its training, its promotion, and how it fares."""
