package io.logcourier.localstack.deployment;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.AbstractConstruct;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** template.yaml. Short tags such as {@code !Ref} are read as their long forms. */
record Template(Map<String, Object> root) {
    static final Path REPOSITORY = Path.of("..", "..").toAbsolutePath().normalize();

    static Template read() {
        LoaderOptions options = new LoaderOptions();
        options.setAllowDuplicateKeys(false);
        try (Reader text = Files.newBufferedReader(REPOSITORY.resolve("template.yaml"))) {
            return new Template(new Yaml(new LongForms(options)).load(text));
        } catch (IOException e) {
            throw new IllegalStateException("cannot read template.yaml", e);
        }
    }

    /** A function or queue or whatever, as far as it is described. */
    record Resource(String name, String type, Map<String, Object> properties) {
        Object get(String... path) {
            return Template.get(properties, path);
        }

        String text(String... path) {
            return String.valueOf(get(path));
        }
    }

    Stream<Resource> resources(String type) {
        return map(root.get("Resources")).entrySet().stream()
                .map(entry -> new Resource(
                        entry.getKey(),
                        (String) get(entry.getValue(), "Type"),
                        map(get(entry.getValue(), "Properties"))))
                .filter(resource -> resource.type().equals(type));
    }

    List<Resource> functions() {
        return resources("AWS::Serverless::Function").toList();
    }

    Resource function(String name) {
        return functions().stream()
                .filter(function -> function.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    /** What all functions have in common. */
    Object global(String property) {
        return get(root, "Globals", "Function", property);
    }

    /** The body of the dashboard, with what is to be put in still in braces. */
    String dashboard() {
        return resources("AWS::CloudWatch::Dashboard")
                .findFirst()
                .orElseThrow()
                .text("DashboardBody", "Fn::Sub")
                .replace("${AWS::Region}", "us-east-1");
    }

    List<Resource> queues() {
        return resources("AWS::SQS::Queue").toList();
    }

    Map<String, Object> parameter(String name) {
        return map(get(root, "Parameters", name));
    }

    Map<String, Object> mapping(String name) {
        return map(get(root, "Mappings", name));
    }

    /** A function's environment variables, those that all have in common included. */
    Map<String, Object> environment(Resource function) {
        Map<String, Object> variables =
                new LinkedHashMap<>(map(get(root, "Globals", "Function", "Environment", "Variables")));
        variables.putAll(map(function.get("Environment", "Variables")));
        return variables;
    }

    /**
     * A function's environment as a deployed one has it.
     *
     * @param values of parameters and resources by name; a parameter without one has its default
     */
    Map<String, String> environment(Resource function, Map<String, String> values) {
        Map<String, String> resolved = new LinkedHashMap<>();
        environment(function).forEach((name, value) -> {
            Object reference = get(value, "Ref");
            String text = reference == null
                    ? value.toString()
                    : values.getOrDefault(
                            reference.toString(),
                            parameter(reference.toString())
                                    .getOrDefault("Default", "")
                                    .toString());
            resolved.put(name, text);
        });
        return resolved;
    }

    /** What lies at a path through maps, or null. */
    static Object get(Object value, String... path) {
        Object found = value;
        for (String step : path) {
            found = map(found).get(step);
        }
        return found;
    }

    @SuppressWarnings("unchecked") // The keys of a template are text.
    static Map<String, Object> map(Object value) {
        return value instanceof Map<?, ?> map ? (Map<String, Object>) map : Map.of();
    }

    private static final class LongForms extends SafeConstructor {
        LongForms(LoaderOptions options) {
            super(options);
            yamlMultiConstructors.put("!", new AbstractConstruct() {
                @Override
                public Object construct(Node node) {
                    String tag = node.getTag().getValue().substring(1);
                    return Map.of(
                            tag.equals("Ref") ? tag : "Fn::" + tag,
                            switch (node) {
                                case ScalarNode scalar -> constructScalar(scalar);
                                case SequenceNode sequence -> constructSequence(sequence);
                                case MappingNode mapping -> constructMapping(mapping);
                                default -> throw new IllegalArgumentException("unexpected: " + node);
                            });
                }
            });
        }
    }
}
