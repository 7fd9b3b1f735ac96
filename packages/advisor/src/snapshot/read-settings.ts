import type { Read } from "../session/read-only-session.ts";
import type { RoleSetting, Setting } from "./database-snapshot.ts";
import { ROLE_SETTINGS_SQL, SETTINGS_SQL } from "./sql/settings-sql.ts";

export interface SettingsSection {
  readonly settings: readonly Setting[];
  readonly roleSettings: readonly RoleSetting[];
}

interface RoleSettingRow {
  readonly role: string | null;
  readonly is_for_this_database: boolean;
  readonly name: string;
  readonly value: string;
}

export async function readSettings(read: Read): Promise<SettingsSection> {
  const settings = await read<Setting>(SETTINGS_SQL);
  const roleSettings = await read<RoleSettingRow>(ROLE_SETTINGS_SQL);
  return {
    settings,
    roleSettings: roleSettings.map((row) => ({
      role: row.role,
      isForThisDatabaseOnly: row.is_for_this_database,
      name: row.name,
      value: row.value,
    })),
  };
}

/**
 * The schemas that a `search_path` setting leads to.
 *
 * @param setting - as `search_path` is written: `"$user", public`
 * @param role - what `$user` stands for
 * @param schemas - existing schemas that the role may use
 */
export function resolveSearchPath(
  setting: string,
  role: string,
  schemas: ReadonlySet<string>,
): readonly string[] {
  const path: string[] = [];
  for (const match of setting.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)) {
    const name = match[1]?.replaceAll('""', '"') ?? match[2]?.toLowerCase() ?? "";
    const schema = name === "$user" ? role : name;
    if (schemas.has(schema) && !path.includes(schema)) path.push(schema);
  }
  return path;
}
