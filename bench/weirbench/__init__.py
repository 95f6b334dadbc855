"""What the scripts in bench/ share: traces, clients that behave like the SDKs, the processes under test, reports."""
