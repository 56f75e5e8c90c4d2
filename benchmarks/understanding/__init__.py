"""What is understood of live rooms, measured on labelled rooms, product questions, reviews and real waves of comments."""
