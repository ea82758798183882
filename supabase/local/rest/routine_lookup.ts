/**
 * Finds the function that a call means among its overloads.
 *
 * @module
 */
import type { RoutinePayload } from "./payload.ts";
import type { Routine, SchemaCache } from "./schema_cache.ts";
import { ambiguousRoutine, noRoutine, type RoutineSearch } from "./schema_errors.ts";

/**
 * Finds a function by its name and the names of the arguments given. A function with a single unnamed argument of the body's
 * type takes the whole body, when no function takes the arguments by name and the call came by POST.
 *
 * @param posted whether the payload came as the body of a POST.
 * @throws {RestError} PGRST202 when none fits, PGRST203 when several do.
 */
export function findRoutine(
  cache: SchemaCache,
  schema: string,
  name: string,
  payload: RoutinePayload,
  posted: boolean,
): Routine {
  const overloads = cache.routines(schema, name);
  const argumentNames = namesOf(payload);
  const unnamedType = posted ? unnamedTypeOf(payload) : null;
  const byName = payload.kind === "raw" ? [] : overloads.filter((routine) => takesNames(routine, argumentNames));
  const found = byName.length > 0
    ? byName
    : overloads.filter((routine) => unnamedType !== null && takesBody(routine, unnamedType));
  const [first, ...others] = found;
  if (!first) throw noRoutine(cache, { schema, name, argumentNames, unnamedType });
  if (others.length > 0) throw ambiguousRoutine(found);
  return first;
}

/** Whether a function takes one unnamed argument, so that the body as a whole is it. */
export function hasUnnamedArgument(routine: Routine): boolean {
  return routine.arguments.length === 1 && routine.arguments[0]?.name === "";
}

function namesOf(payload: RoutinePayload): string[] {
  if (payload.kind === "raw") return [];
  return payload.kind === "json" ? [...payload.names] : [...new Set(payload.values.map(([name]) => name))];
}

function unnamedTypeOf(payload: RoutinePayload): RoutineSearch["unnamedType"] {
  if (payload.kind === "raw") return payload.type;
  return payload.kind === "json" ? "json" : null;
}

/** Every required argument must be given, and nothing else but optional ones. */
function takesNames(routine: Routine, names: readonly string[]): boolean {
  return names.every((name) => routine.arguments.some((argument) => argument.name === name)) &&
    routine.arguments.every((argument) => !argument.required || names.includes(argument.name));
}

function takesBody(routine: Routine, type: string): boolean {
  if (!hasUnnamedArgument(routine)) return false;
  const taken = routine.arguments[0]?.type;
  return taken === type || (type === "json" && taken === "jsonb");
}
