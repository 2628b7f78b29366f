"""Which of our keys a provider gets: choosing among them, cooling them, setting them aside and letting them come back."""
