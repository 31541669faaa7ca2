//! What a Bedrock call means: model references, catalog, prices, denials. No I/O, no clock.
