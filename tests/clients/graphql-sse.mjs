// graphql-sse: everything by server-sent events, in the distinct connections mode.

import { createClient } from "graphql-sse";
import { browserFetch, URL_OF_API } from "./browser.mjs";
import { byStreams, scenario } from "./scenario.mjs";

const client = createClient({ url: URL_OF_API, fetchFn: browserFetch });

await scenario(byStreams(() => client));
