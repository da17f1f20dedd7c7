-- The S3 server access log line as AWS writes it, 27 fields, one line per row, as frames: order number, identity hash, line.
-- Fields, quoting and encodings: Amazon S3 User Guide, "Amazon S3 server access log format", and real lines of AWS.
-- Version 2: orders name it, so a change to what it prints is a new file with a new version.
WITH
    -- One look at all tokens of a row and one at its quoted fields, since a look at each is a quarter of the whole cost:
    -- does any hold a byte that must be escaped? Tokens must not hold spaces. What takes a LowCardinality column alone is
    -- computed once for each of its values, so these are looked at, and get their dashes, apart.
    text -> multiMatchAny(text, ['[\\x00-\\x20\\x7f"\\\\]']) AS unsafe_token,
    unsafe_token(
        concat(
            ifNull(bucketOwner, ''), bucketName, ifNull(clientIP, ''), ifNull(requester, ''), req_id, ifNull(operation, ''),
            ifNull(errorCode, ''), ifNull(versionId, ''), ifNull(hostHeader, '')))
        OR unsafe_token(ifNull(signatureVersion, ''))
        OR unsafe_token(ifNull(cipherSuite, ''))
        OR unsafe_token(ifNull(authenticationType, ''))
        OR unsafe_token(ifNull(tlsVersion, ''))
        OR unsafe_token(ifNull(aclRequired, ''))
        OR unsafe_token(ifNull(courier_region, '')) AS unsafe_tokens,
    multiMatchAny(
        concat(ifNull(requestURI, ''), ifNull(referer, ''), ifNull(userAgent, '')),
        ['[\\x00-\\x1f\\x7f"\\\\]']) AS unsafe_quoted,
    -- One byte as %XX where a reader would take it for a separator: control bytes, quote, backslash; in tokens the space too.
    (unsafe, text, separators) -> if(
        unsafe,
        arrayStringConcat(
            arrayMap(
                (part, byte) -> concat(part, if(byte = '', '', '%'), hex(byte)),
                splitByRegexp(separators, text),
                arrayPushBack(extractAll(text, separators), ''))),
        text) AS escape,
    text -> if(text = '', '-', escape(unsafe_tokens, text, '[\\x00-\\x20\\x7f"\\\\]')) AS token,
    text -> escape(unsafe_tokens, transform(text, [''], ['-']), '[\\x00-\\x20\\x7f"\\\\]') AS listed_token,
    text -> if(text = '', '-', escape(true, text, '[\\x00-\\x20\\x7f"\\\\]')) AS other_token,
    (text, absent) -> if(text = '', absent, concat('"', escape(unsafe_quoted, text, '[\\x00-\\x1f\\x7f"\\\\]'), '"')) AS quoted,
    -- Lifecycle quotes all that is absent, the records of parts of a request nothing.
    ifNull(operation, '') AS named_operation,
    if({always_quoted:UInt8} = 1 OR startsWith(named_operation, 'S3.'), '"-"', '-') AS absent_uri,
    if(
        {always_quoted:UInt8} = 0 AND (startsWith(named_operation, 'BATCH.') OR named_operation = 'REST.COPY.OBJECT_GET'),
        '-',
        '"-"') AS absent_agent,
    -- A space becomes a plus, a slash stays. Readers undo by operation what AWS does twice to requests, and once elsewhere.
    text -> replaceAll(encodeURLFormComponent(text), '%2F', '/') AS encoded,
    text -> replaceAll(
        if(
            {encoded_once:UInt8} = 0 AND (startsWith(named_operation, 'REST.') OR startsWith(named_operation, 'WEBSITE.')),
            replaceAll(replaceAll(encoded(text), '%', '%25'), '+', '%2B'),
            encoded(text)),
        '~',
        '%7E') AS key,
/* address */
    number -> ifNull(toString(number), '-') AS integer,
    -- What fits an integer needs no printf, which takes ten times as long, and would print -0 as such.
    milliseconds -> multiIf(
        milliseconds >= 0 AND milliseconds < 9e15, toString(toUInt64(round(milliseconds))),
        isFinite(milliseconds) AND milliseconds >= 0, printf('%.0f', milliseconds),
        '-') AS duration
SELECT
    courier_order,
    courier_identity,
    concat(
        token(ifNull(bucketOwner, '')), ' ',
        token(bucketName), ' ',
        formatDateTime(startTime, '[%d/%b/%Y:%H:%i:%S +0000]', 'UTC'), ' ',
        token(address(ifNull(clientIP, ''))), ' ',
        token(ifNull(requester, '')), ' ',
        token(req_id), ' ',
        token(ifNull(operation, '')), ' ',
        if(ifNull(objectKey, '') = '', '-', key(ifNull(objectKey, ''))), ' ',
        quoted(ifNull(requestURI, ''), absent_uri), ' ',
        integer(httpCode), ' ',
        token(ifNull(errorCode, '')), ' ',
        integer(nullIf(bytesSent, 0)), ' ',
        integer(objectSize), ' ',
        duration(ifNull(totalTime, -1)), ' ',
        duration(ifNull(turnAroundTime, -1)), ' ',
        quoted(replaceAll(ifNull(referer, ''), ' ', '%20'), absent_agent), ' ',
        quoted(ifNull(userAgent, ''), absent_agent), ' ',
        token(ifNull(versionId, '')), ' ',
        '- ',
        listed_token(ifNull(signatureVersion, '')), ' ',
        listed_token(ifNull(cipherSuite, '')), ' ',
        listed_token(ifNull(authenticationType, '')), ' ',
        token(ifNull(hostHeader, '')), ' ',
        listed_token(ifNull(tlsVersion, '')), ' ',
        '- ',
        listed_token(ifNull(aclRequired, '')), ' ',
        listed_token(ifNull(courier_region, '')) /* more */, '\n') AS line
/* rows */
-- Several messages are rendered at once: one thread each costs the least, and blocks that stay in the processor's cache,
-- and no other threads that write pieces of the result, which yet another one then copies together.
SETTINGS max_threads = 1, max_block_size = 8192, output_format_parallel_formatting = 0, asterisk_include_materialized_columns = 1, asterisk_include_alias_columns = 1
