// The rows behind an alert, as a query.
import { sqlText } from "../state/sql";

/** The alert's own rows, as SQL. */
export function alertSql(id: string): string {
    return `SELECT *\nFROM SecurityAlert\nWHERE SystemAlertId = ${sqlText(id)}\nORDER BY TimeGenerated DESC`;
}
