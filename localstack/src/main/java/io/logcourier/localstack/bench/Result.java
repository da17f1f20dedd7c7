package io.logcourier.localstack.bench;

import java.util.List;
import java.util.Map;

/**
 * What one run of a case came to.
 *
 * @param name the case, and what distinguishes this run of it
 * @param figures by name; the name ends in the unit
 * @param faults what went wrong; none where every row was delivered
 */
record Result(String name, Map<String, Double> figures, List<String> faults) {}
