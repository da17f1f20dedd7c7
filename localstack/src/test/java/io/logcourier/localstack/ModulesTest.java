package io.logcourier.localstack;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import org.junit.jupiter.api.Test;

/** functions -> shared, localstack -> functions and shared, no other way. */
final class ModulesTest {
    private static final JavaClasses CLASSES =
            new ClassFileImporter(List.of(new ImportOption.DoNotIncludeTests())).importPackages("io.logcourier");

    private static final String[] SHARED = {
        "io.logcourier",
        "io.logcourier.accesslog..",
        "io.logcourier.clickhouse..",
        "io.logcourier.configuration..",
        "io.logcourier.ledger..",
        "io.logcourier.logging..",
        "io.logcourier.message..",
        "io.logcourier.s3..",
        "io.logcourier.schema..",
        "io.logcourier.tls.."
    };

    @Test
    void modulesDependOneWay() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("shared")
                .definedBy(SHARED)
                .layer("discovery")
                .definedBy("io.logcourier.discovery..")
                .layer("worker")
                .definedBy("io.logcourier.worker..")
                .layer("operations")
                .definedBy("io.logcourier.operations..")
                .layer("looker")
                .definedBy("io.logcourier.looker..")
                .layer("localstack")
                .definedBy("io.logcourier.localstack..")
                .whereLayer("localstack")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("discovery")
                .mayOnlyBeAccessedByLayers("localstack")
                .whereLayer("worker")
                .mayOnlyBeAccessedByLayers("localstack")
                .whereLayer("operations")
                .mayOnlyBeAccessedByLayers("localstack")
                .whereLayer("looker")
                .mayOnlyBeAccessedByLayers("localstack")
                .ensureAllClassesAreContainedInArchitecture()
                .check(CLASSES);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.logcourier.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void ledgerAndMessagesKnowNothingOfAccessLogs() {
        noClasses()
                .that(resideInAnyPackage("io.logcourier.ledger..", "io.logcourier.message.."))
                .should()
                .dependOnClassesThat(resideInAnyPackage("io.logcourier.accesslog.."))
                .check(CLASSES);
    }
}
