//! End to end on a real Apache Kafka: `./test kafka`. The tests share one broker and take topics of their own.

mod audit;
mod main_job;
mod redrive;
mod refused;
mod security;
mod standstill;
