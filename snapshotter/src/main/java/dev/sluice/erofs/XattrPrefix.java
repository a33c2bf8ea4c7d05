package dev.sluice.erofs;

import java.util.Arrays;
import java.util.Optional;

/** The prefixes of attribute names that EROFS stores as a number. A name with none of them cannot be stored. */
enum XattrPrefix {
    USER(1, "user."),
    POSIX_ACL_ACCESS(2, "system.posix_acl_access"),
    POSIX_ACL_DEFAULT(3, "system.posix_acl_default"),
    TRUSTED(4, "trusted."),
    LUSTRE(5, "lustre."),
    SECURITY(6, "security.");

    private final int index;
    private final String text;

    XattrPrefix(int index, String text) {
        this.index = index;
        this.text = text;
    }

    int index() {
        return index;
    }

    String text() {
        return text;
    }

    /** Whether the prefix is the complete name: nothing follows it. */
    boolean isWholeName() {
        return !text.endsWith(".");
    }

    static Optional<XattrPrefix> of(String name) {
        return Arrays.stream(values())
                .filter(prefix -> prefix.isWholeName() ? name.equals(prefix.text) : name.startsWith(prefix.text))
                .findFirst();
    }

    static Optional<XattrPrefix> of(int index) {
        return Arrays.stream(values()).filter(prefix -> prefix.index == index).findFirst();
    }
}
