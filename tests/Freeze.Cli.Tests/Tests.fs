module Freeze.Cli.Tests.Tests
