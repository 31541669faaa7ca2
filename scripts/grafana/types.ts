// The dashboard as JSON: Grafana's own types, with those of the options of each kind of panel, and of the
// queries of the Athena data source. scripts/check-dashboards puts the file behind the last line and has it
// checked.

import type { Dashboard, DataSourceRef, FieldConfig, FieldConfigSource, Panel, RowPanel, VariableModel } from '@grafana/schema';
import type * as BarChart from '@grafana/schema/dist/esm/raw/composable/barchart/panelcfg/x/BarChartPanelCfg_types.gen';
import type * as Stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as Table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as TimeSeries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** What a query is to the Athena data source (AthenaQuery in src/types.ts of grafana/athena-datasource, 3.3.3). */
interface Query {
  refId: string;
  /** Time series, or table. */
  format: 0 | 1;
  rawSQL: string;
  connectionArgs: {
    region: string;
    catalog: string;
    database: string;
    resultReuseEnabled: boolean;
    resultReuseMaxAgeInMinutes?: number;
  };
}

interface Target extends Query {
  datasource: DataSourceRef;
}

interface PanelOf<Kind extends string, Options, Custom> extends Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> {
  type: Kind;
  options: Options;
  fieldConfig: Omit<FieldConfigSource, 'defaults'> & { defaults: Omit<FieldConfig, 'custom'> & { custom?: Partial<Custom> } };
  targets: Target[];
}

type AnyPanel =
  | PanelOf<'stat', Stat.Options, never>
  | PanelOf<'table', Table.Options, Table.FieldConfig>
  | PanelOf<'timeseries', TimeSeries.Options, TimeSeries.FieldConfig>
  | PanelOf<'barchart', BarChart.Options, BarChart.FieldConfig>
  | RowPanel;

type Variable =
  | (VariableModel & { type: 'datasource'; query: string })
  | (Omit<VariableModel, 'query'> & { type: 'query'; query: Query });

interface Ours extends Omit<Dashboard, 'panels' | 'templating'> {
  panels: AnyPanel[];
  templating: { list: Variable[] };
}

/** A value of a type as JSON has it: an enum is one of its texts. */
type Json<T> = T extends string
  ? `${T}`
  : T extends (infer Element)[]
    ? Json<Element>[]
    : T extends object
      ? { [Key in keyof T]: Json<T[Key]> }
      : T;

export const dashboard: Json<Ours> =
