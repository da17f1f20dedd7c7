-- Rows as shippers send them, a pure function of seed and number but for the time of insertion; about 430 bytes a line.
-- Every hundredth row holds what readers stumble over.
WITH
    sipHash64({seed:UInt64}, number) AS hash,
    intHash64(hash) AS other,
    hash / 18446744073709551616. AS uniform,
    multiIf(
        {shape:String} = 'zipf', toUInt32(pow({buckets:UInt32} + 1, uniform)) - 1,
        {shape:String} = 'giant', if(uniform < 0.5, 0, 1 + other % greatest({buckets:UInt32} - 1, 1)),
        other % {buckets:UInt32}) AS bucket,
    concat('bucket-', leftPad(toString(bucket), 5, '0')) AS name,
    number % 100 = 0 AS odd,
    ['REST.GET.OBJECT', 'REST.PUT.OBJECT', 'REST.HEAD.OBJECT', 'REST.GET.BUCKET', 'REST.DELETE.OBJECT'] AS operations,
    [
        'aws-cli/2.15.30 Python/3.11.8',
        'Boto3/1.34.69 md/Botocore#1.34.69',
        'Mozilla/5.0 (X11; Linux x86_64; rv:124.0)'
    ] AS agents,
    if(odd, 'a "quoted" key/100%\té', concat('data/', leftPad(toString(other % 10000), 4, '0'), '/part-', lower(hex(toUInt32(other))), '.gz')) AS key
SELECT
    concat('node-', toString(other % 177)) AS hostname,
    fromUnixTimestamp64Milli(toInt64(1767225600000 + number * 3 + other % 3)) AS startTime,
    concat('arn:aws:iam::', leftPad(toString(bucket), 12, '0'), ':user/app') AS requester,
    operations[1 + other % 5] AS operation,
    concat('GET /', name, '/', key, ' HTTP/1.1') AS requestURI,
    hash % 16777216 AS objectSize,
    hash % 5000 AS totalTime,
    hash % 500 AS turnAroundTime,
    if(odd, 'agent "odd"\r\n', agents[1 + hash % 3]) AS userAgent,
    'SigV4' AS signatureVersion,
    'ECDHE-RSA-AES128-GCM-SHA256' AS cipherSuite,
    'AuthHeader' AS authenticationType,
    's3.example.com' AS hostHeader,
    'TLSv1.3' AS tlsVersion,
    leftPad(lower(hex(bucket + 1)), 64, '0') AS bucketOwner,
    name AS bucketName,
    hex(hash) AS req_id,
    other % 16777216 AS bytesSent,
    concat('10.', toString(hash % 256), '.', toString(intDiv(hash, 256) % 256), '.', toString(other % 256)) AS clientIP,
    if(other % 50 = 0, 404, 200) AS httpCode,
    key AS objectKey,
    '0' AS logFormatVersion,
    true AS loggingEnabled,
    {target:String} AS loggingTargetBucket,
    concat('logs/', name, '/') AS loggingTargetPrefix,
    bucket % 8 AS raftSessionID
FROM numbers({from:UInt64}, {rows:UInt64})
