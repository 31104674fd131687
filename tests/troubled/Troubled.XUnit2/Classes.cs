namespace Troubled;

// A hundred classes, each a unit of its own.
public class Rows00 : Rows;

public class Rows01 : Rows;

public class Rows02 : Rows;

public class Rows03 : Rows;

public class Rows04 : Rows;

public class Rows05 : Rows;

public class Rows06 : Rows;

public class Rows07 : Rows;

public class Rows08 : Rows;

public class Rows09 : Rows;

public class Rows10 : Rows;

public class Rows11 : Rows;

public class Rows12 : Rows;

public class Rows13 : Rows;

public class Rows14 : Rows;

public class Rows15 : Rows;

public class Rows16 : Rows;

public class Rows17 : Rows;

public class Rows18 : Rows;

public class Rows19 : Rows;

public class Rows20 : Rows;

public class Rows21 : Rows;

public class Rows22 : Rows;

public class Rows23 : Rows;

public class Rows24 : Rows;

public class Rows25 : Rows;

public class Rows26 : Rows;

public class Rows27 : Rows;

public class Rows28 : Rows;

public class Rows29 : Rows;

public class Rows30 : Rows;

public class Rows31 : Rows;

public class Rows32 : Rows;

public class Rows33 : Rows;

public class Rows34 : Rows;

public class Rows35 : Rows;

public class Rows36 : Rows;

public class Rows37 : Rows;

public class Rows38 : Rows;

public class Rows39 : Rows;

public class Rows40 : Rows;

public class Rows41 : Rows;

public class Rows42 : Rows;

public class Rows43 : Rows;

public class Rows44 : Rows;

public class Rows45 : Rows;

public class Rows46 : Rows;

public class Rows47 : Rows;

public class Rows48 : Rows;

public class Rows49 : Rows;

public class Rows50 : Rows;

public class Rows51 : Rows;

public class Rows52 : Rows;

public class Rows53 : Rows;

public class Rows54 : Rows;

public class Rows55 : Rows;

public class Rows56 : Rows;

public class Rows57 : Rows;

public class Rows58 : Rows;

public class Rows59 : Rows;

public class Rows60 : Rows;

public class Rows61 : Rows;

public class Rows62 : Rows;

public class Rows63 : Rows;

public class Rows64 : Rows;

public class Rows65 : Rows;

public class Rows66 : Rows;

public class Rows67 : Rows;

public class Rows68 : Rows;

public class Rows69 : Rows;

public class Rows70 : Rows;

public class Rows71 : Rows;

public class Rows72 : Rows;

public class Rows73 : Rows;

public class Rows74 : Rows;

public class Rows75 : Rows;

public class Rows76 : Rows;

public class Rows77 : Rows;

public class Rows78 : Rows;

public class Rows79 : Rows;

public class Rows80 : Rows;

public class Rows81 : Rows;

public class Rows82 : Rows;

public class Rows83 : Rows;

public class Rows84 : Rows;

public class Rows85 : Rows;

public class Rows86 : Rows;

public class Rows87 : Rows;

public class Rows88 : Rows;

public class Rows89 : Rows;

public class Rows90 : Rows;

public class Rows91 : Rows;

public class Rows92 : Rows;

public class Rows93 : Rows;

public class Rows94 : Rows;

public class Rows95 : Rows;

public class Rows96 : Rows;

public class Rows97 : Rows;

public class Rows98 : Rows;

public class Rows99 : Rows;
