CREATE DATABASE IF NOT EXISTS {ledger:Identifier}/* on cluster */
