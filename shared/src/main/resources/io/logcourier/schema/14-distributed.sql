-- All shards at once, for people's queries. The functions ask each shard for itself.
CREATE TABLE IF NOT EXISTS {logs:Identifier}.{distributed:Identifier}/* on cluster */ AS {logs:Identifier}.{table:Identifier}
ENGINE = Distributed(/* cluster */, {logs:Identifier}, {table:Identifier})
