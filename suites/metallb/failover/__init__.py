"""What clients notice when nodes, speakers and controllers go and come back."""
