import com.palantir.javaformat.java.Formatter;
import com.palantir.javaformat.java.ImportOrderer;
import com.palantir.javaformat.java.JavaFormatterOptions;
import com.palantir.javaformat.java.RemoveUnusedImports;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Holds every Java file of the project to one format. The build runs it with {@code check}, which fails and names the
 * files that differ; {@code mvn validate -Dformat=fix} rewrites them. It runs as a program of its own because the
 * formatter reads only the Java that its own JVM knows, and Maven may run on an older one.
 */
final class Format {
    public static void main(String[] arguments) throws Exception {
        boolean fix = arguments[0].equals("fix");
        Formatter formatter = Formatter.createFormatter(JavaFormatterOptions.builder()
                .style(JavaFormatterOptions.Style.PALANTIR)
                .formatJavadoc(false)
                .build());
        List<Path> different = new ArrayList<>();
        for (Path file : sources(Path.of(arguments[1]))) {
            String source = Files.readString(file);
            String formatted = formatter.formatSource(ImportOrderer.reorderImports(
                    RemoveUnusedImports.removeUnusedImports(source), JavaFormatterOptions.Style.PALANTIR));
            if (!formatted.equals(source)) {
                different.add(file);
                if (fix) {
                    Files.writeString(file, formatted);
                }
            }
        }
        different.forEach(file -> System.err.println((fix ? "formatted " : "not formatted: ") + file));
        if (!fix && !different.isEmpty()) {
            System.err.println("run: mvn validate -Dformat=fix");
            System.exit(1);
        }
    }

    private static List<Path> sources(Path root) throws IOException {
        try (Stream<Path> files = Files.walk(root)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .filter(file -> !root.relativize(file).toString().contains("target/"))
                    .sorted()
                    .toList();
        }
    }
}
