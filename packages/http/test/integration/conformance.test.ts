import { conformanceSuite } from "../conformance/conformance-suite.ts";
import { startExpress, startFastify, startHono, startNode } from "../conformance/servers.ts";

conformanceSuite("send on node:http", { start: startNode });
conformanceSuite("send in Express", { start: startExpress });
conformanceSuite("send in Fastify", { start: startFastify });
conformanceSuite("send in Hono", { start: startHono });
