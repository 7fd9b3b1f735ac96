import { InvalidArgumentError } from "@upshift/foundation";

/**
 * Loaders for each request: made when a request first asks for them, forgotten with the request. What one request has loaded, another never sees.
 *
 * ```ts
 * const load = loaders(() => ({ users: loader(pool, "users", "id") }));
 * app.get("/posts", async (request) => … load(request).users.load(post.author_id) …);
 * ```
 *
 * @param make - called once per request, with it
 * @returns takes the request, or any other object that lives as long: a context of GraphQL, a job
 */
export function loaders<Request extends object, Loaders extends object>(
  make: (request: Request) => Loaders,
): (request: Request) => Loaders {
  const made = new WeakMap<Request, Loaders>();
  return (request) => {
    if (typeof request !== "object" || request === null) {
      throw new InvalidArgumentError(
        "the request as an object, which the loaders live with",
        request,
      );
    }
    const known = made.get(request);
    if (known !== undefined) return known;
    const fresh = make(request);
    made.set(request, fresh);
    return fresh;
  };
}
