//! The allocator of every process: builds make many small tables and logs on several threads, which takes the system's own
//! allocator up to a quarter of the time (100,000 interfaces).

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;
