"""A stand-in for what the AWS CLI and cid-cmd ask of one account, on 127.0.0.1: STS, CloudFormation, Athena,
QuickSight.

It holds what was created and answers with it. Requests to QuickSight are read by botocore's model of the
service. A request that it does not know, and one to anywhere else (it is the proxy of cid-cmd, too), is refused
and kept."""

from __future__ import annotations

import http.server
import json
import re
import threading
import urllib.parse

import botocore.session
from cloudformation_stand_in import ACCOUNT_ID, REGION, Stacks

USER = {"Arn": f"arn:aws:quicksight:{REGION}:{ACCOUNT_ID}:user/default/admin", "UserName": "admin", "Role": "ADMIN"}


class Refused(Exception):
    """An error of the service: its code, and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status


class Account:
    """What one account has, and what it was asked. `columns` are those of each view, as Glue has them; without
    `has_views`, the views have to be created first."""

    def __init__(self, database: str, columns: dict, has_views: bool) -> None:
        self.database, self.columns = database, columns
        self.has_views = has_views
        self.views = set(columns) if has_views else set()
        self.stacks = Stacks()
        self.statements = []  # for Athena, in their order
        self.asked = set()  # those whose state was asked for
        self.data_sources, self.data_sets, self.dashboards, self.schedules = {}, {}, {}, []
        self.requests = []  # (operation, parameters) for QuickSight
        self.refused = []  # what it does not know
        self.outside = set()  # other hosts

    # Athena

    def athena(self, operation: str, given: dict) -> dict:
        match operation:
            case "ListDataCatalogs":
                return {"DataCatalogsSummary": [{"CatalogName": "AwsDataCatalog", "Type": "GLUE"}]}
            case "GetDatabase" if given["DatabaseName"] == self.database:
                return {"Database": {"Name": self.database}}
            case "GetWorkGroup":
                result = {"ResultConfiguration": {"OutputLocation": "s3://athena-results/"}}
                return {"WorkGroup": {"Name": given["WorkGroup"], "State": "ENABLED", "Configuration": result}}
            case "GetTableMetadata":
                return {"TableMetadata": self.table(given["TableName"])}
            case "StartQueryExecution":
                return {"QueryExecutionId": self.execute(given["QueryString"])}
            case "GetQueryResults":
                return {"ResultSet": {"Rows": []}}
            case "GetQueryExecution":
                return {"QueryExecution": {"Status": self.status(int(given["QueryExecutionId"]))}}
        raise Refused("InvalidRequestException", f"no {operation}")

    def table(self, name: str) -> dict:
        if name not in self.views:
            raise Refused("MetadataException", f"table not found: {name}")
        return {"Name": name, "TableType": "VIRTUAL_VIEW", "Columns": self.columns.get(name, [])}

    def execute(self, statement: str) -> str:
        if made := re.match(r"\s*CREATE OR REPLACE VIEW (\w+) AS", statement):
            self.views.add(made[1])
        self.statements.append(statement)
        return str(len(self.statements) - 1)

    def status(self, index: int) -> dict:
        """A view succeeds; all else is a select from a view of cid-cmd's own, which its first deployment
        makes."""
        if self.has_views or self.statements[index].lstrip().startswith("CREATE OR REPLACE VIEW"):
            return {"State": "SUCCEEDED"}
        # cid-cmd looks for the reason only in an answer after the first one.
        if index not in self.asked:
            self.asked.add(index)
            return {"State": "RUNNING"}
        return {"State": "FAILED", "StateChangeReason": "TABLE_NOT_FOUND"}

    # QuickSight

    def quicksight(self, operation: str, given: dict) -> dict:
        self.requests.append((operation, given))
        match operation:
            case "DescribeAccountSubscription":
                return {"AccountInfo": {"Edition": "ENTERPRISE", "AccountSubscriptionStatus": "ACCOUNT_CREATED"}}
            case "DescribeUser" if given["UserName"] == USER["UserName"]:
                return {"User": USER}
            case "ListDataSets":
                return {"DataSetSummaries": [self.summary(d) for d in self.data_sets.values()]}
            case "ListDataSources":
                return {"DataSources": list(self.data_sources.values())}
            case "DescribeDataSource":
                return {"DataSource": found(self.data_sources, given["DataSourceId"])}
            case "CreateDataSource":
                made = self.keep(self.data_sources, "datasource", given["DataSourceId"], given)
                return {"CreationStatus": "CREATION_SUCCESSFUL", **self.summary(made)}
            case "DescribeDataSet":
                return {"DataSet": found(self.data_sets, given["DataSetId"])}
            case "CreateDataSet" | "UpdateDataSet":
                made = self.keep(self.data_sets, "dataset", given["DataSetId"], given)
                made["OutputColumns"] = output_columns(given)
                return self.summary(made)
            case "ListRefreshSchedules":
                return {"RefreshSchedules": [s for i, s in self.schedules if i == given["DataSetId"]]}
            case "CreateRefreshSchedule" | "UpdateRefreshSchedule":
                self.schedules = [s for s in self.schedules if s[0] != given["DataSetId"]]
                self.schedules.append((given["DataSetId"], given["Schedule"]))
                return {"ScheduleId": given["Schedule"]["ScheduleId"]}
            case "DescribeDashboard":
                return {"Dashboard": found(self.dashboards, given["DashboardId"])}
            case "CreateDashboard" | "UpdateDashboard":
                return self.write_dashboard(given)
            case "DescribeDashboardDefinition":
                return {"Definition": found(self.dashboards, given["DashboardId"])["Definition"]}
            case "UpdateDashboardPublishedVersion" | "UpdateDashboardPermissions" | "UpdateDataSetPermissions" | "UpdateDataSourcePermissions" | "TagResource":
                return {}
            case "DescribeDashboardPermissions":
                return {"Permissions": []}
            case "ListTagsForResource":
                return {"Tags": []}
        raise Refused("ResourceNotFoundException", f"no {operation}", 404)

    def keep(self, kind: dict, path: str, key: str, given: dict) -> dict:
        kind[key] = {**given, "Arn": f"arn:aws:quicksight:{REGION}:{ACCOUNT_ID}:{path}/{key}", "Status": "CREATION_SUCCESSFUL"}
        return kind[key]

    def summary(self, made: dict) -> dict:
        return {key: made[key] for key in ("Arn", "DataSetId", "DataSourceId", "Name") if key in made}

    def write_dashboard(self, given: dict) -> dict:
        version = self.dashboards.get(given["DashboardId"], {"Version": {"VersionNumber": 0}})["Version"]["VersionNumber"] + 1
        made = self.keep(self.dashboards, "dashboard", given["DashboardId"], given)
        arns = [d["DataSetArn"] for d in given["Definition"]["DataSetIdentifierDeclarations"]]
        made["Version"] = {"VersionNumber": version, "Status": "CREATION_SUCCESSFUL", "DataSetArns": arns, "Errors": []}
        return {"Arn": made["Arn"], "VersionArn": f"{made['Arn']}/version/{version}", "DashboardId": given["DashboardId"],
                "CreationStatus": "CREATION_SUCCESSFUL"}


def found(kind: dict, key: str) -> dict:
    if key not in kind:
        raise Refused("ResourceNotFoundException", f"{key} was not found", 404)
    return kind[key]


def output_columns(data_set: dict) -> list:
    """The columns of a data set on one table: those that are projected, with the types that they are cast
    to."""
    (table,), (logical,) = data_set["PhysicalTableMap"].values(), data_set["LogicalTableMap"].values()
    types = {c["Name"]: c["Type"] for c in table["RelationalTable"]["InputColumns"]}
    projected = list(types)
    for step in logical.get("DataTransforms", []):
        if cast := step.get("CastColumnTypeOperation"):
            types[cast["ColumnName"]] = cast["NewColumnType"]
        projected = step.get("ProjectOperation", {}).get("ProjectedColumns", projected)
    return [{"Name": name, "Type": types[name]} for name in projected if name in types]


class Routes:
    """Which operation of QuickSight a request is, and its parameters, by botocore's model."""

    def __init__(self) -> None:
        self.model = botocore.session.get_session().get_service_model("quicksight")
        self.routes = []
        for name in self.model.operation_names:
            operation = self.model.operation_model(name)
            path = operation.http["requestUri"].partition("?")[0]
            pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path))
            self.routes.append((operation.http["method"], re.compile(pattern), operation))

    def find(self, method: str, path: str, query: str, body: bytes) -> tuple:
        for route_method, pattern, operation in self.routes:
            if route_method == method and (labels := pattern.fullmatch(path)):
                members = operation.input_shape.members
                by_location = {m.serialization.get("name", key): key for key, m in members.items()}
                given = json.loads(body) if body else {}
                texts = {**labels.groupdict(), **dict(urllib.parse.parse_qsl(query))}
                given |= {by_location[k]: urllib.parse.unquote(v) for k, v in texts.items() if k in by_location}
                return operation.name, given
        raise Refused("NotFound", f"no operation has {method} {path}", 404)


class Handler(http.server.BaseHTTPRequestHandler):
    account: Account
    routes: Routes

    def log_message(self, *_: object) -> None:
        pass

    def do_CONNECT(self) -> None:
        self.account.outside.add(self.path)
        self.answer(403, b"", {})

    def handle_request(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urllib.parse.urlsplit(self.path)
        target = self.headers.get("X-Amz-Target", "")
        try:
            if target.startswith("AmazonAthena."):
                result = self.account.athena(target.partition(".")[2], json.loads(body))
            elif body.startswith(b"Action="):
                return self.answer_query(dict(urllib.parse.parse_qsl(body.decode())))
            elif url.path.endswith(".template"):
                return self.answer_upload(url.path, body)
            else:
                result = self.account.quicksight(*self.routes.find(self.command, url.path, url.query, body))
            self.answer(200, json.dumps(result).encode(), {"Content-Type": "application/json"})
        except Refused as error:
            # That there is none is an answer; that it is not known here is not.
            if str(error).startswith("no "):
                self.account.refused.append(f"{error}: {self.command} {self.path} {target}")
            text = json.dumps({"__type": error.code, "message": str(error), "Message": str(error)}).encode()
            self.answer(error.status, text, {"x-amzn-ErrorType": error.code})

    def answer_query(self, given: dict) -> None:
        status, text = self.account.stacks.answer(given["Action"], given)
        if f"no {given['Action']}" in text:
            self.account.refused.append(text)
        self.answer(status, text.encode(), {"Content-Type": "text/xml"})

    def answer_upload(self, path: str, body: bytes) -> None:
        objects = self.account.stacks.objects
        if self.command == "PUT":
            objects[path] = body
        self.answer(200 if path in objects else 404, b"", {"ETag": '"1"'})

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = handle_request

    def answer(self, status: int, body: bytes, headers: dict) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class StandIn:
    """The server, while the block runs: `with StandIn(account) as url`."""

    routes = Routes()

    def __init__(self, account: Account) -> None:
        handler = type("OfAccount", (Handler,), {"account": account, "routes": self.routes})
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
