import { ServerResponse } from "node:http";
import { type PropertyRules, trackedProperty, trackLocals } from "./tracked-properties.ts";
import { isAlike, own } from "./tracked-request.ts";

/**
 * Gives a response all that a framework has put on another: its prototype and its own properties. That of HTTP/2 cannot do without its stream, and is stood in for by one of HTTP/1.
 *
 * @param onRead - told of what may be for one person, when it is looked at
 */
export function adopt<Response extends ServerResponse>(
  made: unknown,
  real: Response,
  rules: PropertyRules,
  onRead: (name: string) => void,
): Response {
  if (typeof made !== "object" || made === null) throw new TypeError("no response");
  const isOfStream = "stream" in real;
  if (!isOfStream) Object.setPrototypeOf(made, Object.getPrototypeOf(real));
  for (const name of Object.keys(real))
    if (!(name in made)) Object.defineProperty(made, name, adopted(real, name, rules, onRead));
  // Fields that middleware has set stay on the real one: they are for this request, and not to be kept.
  if (!isStandIn(made, real, isOfStream)) throw new TypeError("no response");
  return made;
}

function adopted(
  real: object,
  name: string,
  rules: PropertyRules,
  onRead: (name: string) => void,
): PropertyDescriptor {
  const given = { ...Object.getOwnPropertyDescriptor(real, name) };
  const value: unknown = given.value;
  if (rules.isPrivate) return given;
  if (name === "locals" && typeof value === "object" && value !== null)
    return own(trackLocals(value, rules, onRead));
  return trackedProperty(real, name, `response.${name}`, rules, onRead);
}

function isStandIn<Response extends ServerResponse>(
  made: object,
  real: Response,
  isOfStream: boolean,
): made is Response {
  return isOfStream ? made instanceof ServerResponse : isAlike(made, real);
}
