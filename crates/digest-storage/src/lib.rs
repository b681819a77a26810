//! Where bytes live: object stores, the listing plan of a window, bounded read-ahead, digests, job records, markers, manifests
