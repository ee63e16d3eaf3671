"""The variables of the GraphQL server, as data. Reads nothing."""

from config.declaration import DAY_SECONDS, KIB, MIB, NGINX, WEB, WORKER, YEAR_SECONDS, Group, Variable, flag, number

GRAPHQL = Group(
    title="GraphQL",
    variables=(
        flag("GRAPHIQL", "Shows the GraphiQL editor to a browser that opens /graphql.", development=True, services=(WEB,)),
        flag(
            "GRAPHQL_INTROSPECTION",
            "Lets clients ask for the schema, and suggests names in errors. Off, a stranger has to guess.",
            development=True, services=(WEB,),
        ),
        flag(
            "GRAPHQL_PLANS",
            "Answers queries by plans, which are made once for each document (docs/plans.md). Off, the executor answers all.",
            default=True, services=(WEB,),
        ),
        number(
            "GRAPHQL_MAX_PAGE_SIZE",
            "The most items that one page of a list may have; asking for more is an error.",
            default=100, minimum=1, maximum=1000, services=(WEB,),
        ),
        number(
            "GRAPHQL_MAX_COST",
            "The most that an operation may cost, reckoned before it runs: about how many values its answer can have.",
            default=10_000, minimum=100, maximum=10_000_000, services=(WEB,),
        ),
        number(
            "GRAPHQL_RATE_PER_MINUTE",
            "How much one client, a user or a network address, may spend in a minute, in what operations cost; 0: any amount.",
            default=60_000, minimum=0, maximum=1_000_000_000, services=(WEB,),
        ),
        number(
            "ATTEMPTS_PER_HOUR",
            "How often one network address may try to sign in, to register or to reset a password, in an hour; a fifth of it at once.",
            default=300, development=5000, minimum=5, maximum=1_000_000, services=(WEB,),
        ),
        number(
            "GRAPHQL_TIMEOUT_SECONDS",
            "For how long one operation may run; then it is ended, and the SQL statement that it is at.",
            default=15, minimum=1, maximum=600, services=(WEB,),
        ),
        number(
            "GRAPHQL_MAX_DOCUMENT_LENGTH",
            "The longest document, in characters, that is looked into.",
            default=10_000, minimum=1000, maximum=1_000_000, services=(WEB,),
        ),
        number(
            "GRAPHQL_MAX_TOKENS",
            "The most tokens of a document, comments too. What it takes to find a mistake in one grows with it.",
            default=500, minimum=100, maximum=100_000, services=(WEB,),
        ),
        number("GRAPHQL_MAX_DEPTH", "How deep an operation's fields may nest.", default=15, minimum=3, maximum=100, services=(WEB,)),
        number("GRAPHQL_MAX_ALIASES", "The most aliases of an operation.", default=30, minimum=0, maximum=1000, services=(WEB,)),
        number("GRAPHQL_MAX_ROOT_FIELDS", "The most fields at the root.", default=20, minimum=1, maximum=999, services=(WEB,)),
        number(
            "GRAPHQL_MAX_DEFINITIONS",
            "The most operations and fragments of a document.",
            default=50, minimum=1, maximum=1000, services=(WEB,),
        ),
        number(
            "GRAPHQL_MAX_REPEATED_FIELDS",
            "How often an operation may name a field again that stands in the same place already: whether the two can be merged "
            "has to be found out for each pair.",
            default=30, minimum=0, maximum=1000, services=(WEB,),
        ),
        number("GRAPHQL_MAX_DIRECTIVES", "The most directives of an operation.", default=50, minimum=0, maximum=1000, services=(WEB,)),
        number(
            "GRAPHQL_MAX_LIST_LENGTH",
            "The longest list in a document or its variables, and the most fields that an object in these may have.",
            default=100, minimum=1, maximum=100_000, services=(WEB,),
        ),
        number(
            "GRAPHQL_MAX_REQUEST_BYTES",
            "The largest document with its variables, without files, in bytes.",
            default=256 * KIB, minimum=4 * KIB, maximum=64 * MIB, services=(WEB,),
        ),
        number(
            "GRAPHQL_MAX_BATCH",
            "The most operations of one request, sent as a list; limits count for all of them together. 1: no lists are taken.",
            default=1, minimum=1, maximum=100, services=(WEB,),
        ),
        number("GRAPHQL_MAX_FILES", "The most files of one request.", default=100, minimum=1, maximum=1000, services=(WEB,)),
        number(
            "GRAPHQL_MAX_SUBSCRIPTIONS",
            "The most subscriptions that one client, a user or a network address, may have open at one process.",
            default=50, minimum=1, maximum=10_000, services=(WEB,),
        ),
        Variable(
            name="GRAPHQL_TRUSTED_DOCUMENTS",
            purpose="A file of the documents that clients may send, as graphql-codegen and relay-compiler write it: an object of "
            "hash to text. Then nothing else is run. Empty: any document is.",
            services=(WEB,),
        ),
        number(
            "GRAPHQL_PERSISTED_SECONDS",
            "For how long a document that a client persisted by its hash (APQ) is kept in Redis.",
            default=DAY_SECONDS, minimum=60, maximum=YEAR_SECONDS, services=(WEB,),
        ),
        number(
            "GRAPHQL_DOCUMENT_CACHE_BYTES",
            "How much text of documents is kept parsed and validated by each process; the memory is some fifty times that.",
            default=MIB, minimum=16 * KIB, maximum=64 * MIB, services=(WEB,),
        ),
        flag(
            "GRAPHQL_SHARED_CACHE",
            "Has nginx keep answers that are everybody's (docs/caching.md). Who is signed in never gets one.",
            default=True, development=False, services=(WEB, WORKER, NGINX),
        ),
        Variable(
            name="GRAPHQL_SHARED_CACHE_ADDRESS",
            purpose="Where nginx is told to forget answers, host:port; a name that has several addresses is several nginx.",
            default="nginx:8083", development="", form="host and port", may_be_empty=True, services=(WEB, WORKER),
        ),
        Variable(
            name="GRAPHQL_SHARED_CACHE_SIZE",
            purpose="How much of them nginx keeps on the disk; the least used go first.",
            default="64m", form="memory size", services=(NGINX,),
        ),
        number(
            "GRAPHQL_STALE_WHILE_REVALIDATE_SECONDS",
            "For how long after its time (`maxAge`) a cache may give a public answer still, while it asks for a new one.",
            default=30, maximum=DAY_SECONDS, services=(WEB,),
        ),
        number(
            "GRAPHQL_STALE_IF_ERROR_SECONDS",
            "For how long after its time a cache may give a public answer still, where the application cannot be reached.",
            default=60, maximum=DAY_SECONDS, services=(WEB,),
        ),
    ),
)  # fmt: skip
