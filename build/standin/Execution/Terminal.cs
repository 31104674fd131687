namespace Nuke.Common.Execution;

public class Terminal : Host;
