"""Who is told: where, how they got there, and how they leave."""
