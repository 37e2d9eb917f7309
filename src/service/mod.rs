//! The shell around the core: brokers, the worker's loop, HTTP.
