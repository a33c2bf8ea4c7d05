package dev.sluice;

import static com.tngtech.archunit.base.DescribedPredicate.alwaysTrue;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.properties.HasName;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Each package uses only the packages that the design allows it. */
@AnalyzeClasses(packages = "dev.sluice", importOptions = DoNotIncludeTests.class)
class PackageArrowsTest {
    @ArchTest
    static final ArchRule registry = only("registry");

    @ArchTest
    static final ArchRule linux = only("linux");

    @ArchTest
    static final ArchRule erofs = only("erofs");

    /** {@code dev.sluice.layer} itself; the formats beneath it are the next rule's. */
    @ArchTest
    static final ArchRule layer = classes()
            .that()
            .resideInAPackage("dev.sluice.layer")
            .should()
            .onlyDependOnClassesThat(not(resideInAPackage("dev.sluice..")).or(resideInAPackage("dev.sluice.layer")));

    @ArchTest
    static final ArchRule formats = only("layer", "erofs");

    @ArchTest
    static final ArchRule formatsDoNotKnowEachOther = SlicesRuleDefinition.slices()
            .matching("dev.sluice.layer.(*)..")
            .should()
            .notDependOnEachOther()
            .ignoreDependency(alwaysTrue(), resideInAPackage("dev.sluice.layer.toc"));

    /** What formats with a table of contents of JSON share. */
    @ArchTest
    static final ArchRule toc = classes()
            .that()
            .resideInAPackage("dev.sluice.layer.toc")
            .should()
            .onlyDependOnClassesThat(not(resideInAPackage("dev.sluice.."))
                    .or(resideInAnyPackage("dev.sluice.layer", "dev.sluice.layer.toc")));

    @ArchTest
    static final ArchRule fill = only("fill", "layer", "linux");

    @ArchTest
    static final ArchRule ondemand = only("ondemand", "fill", "linux");

    @ArchTest
    static final ArchRule containerd = only("containerd", "proto");

    @ArchTest
    static final ArchRule image = only("image", "registry", "containerd");

    @ArchTest
    static final ArchRule index = only("index", "registry", "image");

    @ArchTest
    static final ArchRule mount =
            only("mount", "registry", "linux", "erofs", "layer", "fill", "ondemand", "containerd", "image", "index");

    @ArchTest
    static final ArchRule snapshot = only("snapshot", "mount", "image", "proto");

    @ArchTest
    static final ArchRule credentials = only("credentials", "registry", "proto", "process", "kubernetes");

    @ArchTest
    static final ArchRule kubernetes = only("kubernetes", "process", "registry");

    /** It takes no more of that package than what reads keys and certificates. */
    @ArchTest
    static final ArchRule kubernetesKnowsNoRegistries = noClasses()
            .that()
            .resideInAPackage("dev.sluice.kubernetes..")
            .should()
            .dependOnClassesThat(resideInAPackage("dev.sluice.registry..")
                    .and(not(HasName.Predicates.name("dev.sluice.registry.Pem"))));

    @ArchTest
    static final ArchRule node = only("node", "containerd", "kubernetes");

    @ArchTest
    static final ArchRule process = only("process");

    @ArchTest
    static final ArchRule install = only("install", "containerd");

    @ArchTest
    static final ArchRule toml = only("install.toml");

    @ArchTest
    static final ArchRule onlyLinuxSeesJnr = noClasses()
            .that()
            .resideOutsideOfPackage("dev.sluice.linux..")
            .should()
            .dependOnClassesThat(resideInAPackage("jnr.."));

    @ArchTest
    static final ArchRule onlyClientsSeeTheHttpLibrary = noClasses()
            .that()
            .resideOutsideOfPackages("dev.sluice.registry..", "dev.sluice.kubernetes..")
            .should()
            .dependOnClassesThat(resideInAnyPackage("okhttp3..", "okio.."));

    private static ArchRule only(String name, String... others) {
        List<String> allowed = Stream.concat(Stream.of(name), Arrays.stream(others))
                .map(other -> "dev.sluice." + other + "..")
                .toList();
        return classes()
                .that()
                .resideInAPackage("dev.sluice." + name + "..")
                .should()
                .onlyDependOnClassesThat(
                        not(resideInAPackage("dev.sluice..")).or(resideInAnyPackage(allowed.toArray(String[]::new))));
    }
}
