global using Lending.Tests;
global using Xunit;
