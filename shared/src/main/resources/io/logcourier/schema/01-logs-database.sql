CREATE DATABASE IF NOT EXISTS {logs:Identifier}/* on cluster */
