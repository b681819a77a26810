//! What every digesterd process needs: environment, credentials, telemetry, health, problem documents, shutdown
