"""What reaches the backend and what comes back: headers, bodies, streams, and backends in trouble."""
