//! The job on its way from the API to a worker: the HTTP appliance and the in-process queue
