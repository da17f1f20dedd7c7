-- Which of some settings, joined by commas, this ClickHouse knows.
SELECT name FROM system.settings WHERE has(splitByChar(',', {names:String}), name)
