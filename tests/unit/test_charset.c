#include <string.h>

#include "dicom/charset.h"
#include "support/t.h"

static void test_escapes_choose_the_set(void)
{
    /* Specific Character Set, text, whether it is a name, UTF-8 */
    static const struct {
        const char *charset, *text;
        bool is_name;
        const char *utf8;
    } table[] = {
        {"\\ISO 2022 IR 87", "Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B", true,
         "Yamada^Tarou=\xE5\xB1\xB1\xE7\x94\xB0^\xE5\xA4\xAA\xE9\x83\x8E"},
        {"ISO 2022 IR 13\\ISO 2022 IR 87", "\xD4\xCF", true, "\xEF\xBE\x94\xEF\xBE\x8F"},
        {"\\ISO 2022 IR 149", "\x1B$)C\xB1\xE8", false, "\xEA\xB9\x80"},
        {"ISO_IR 100", "Buc^J\xE9r\xF4me", true, "Buc^J\xC3\xA9r\xC3\xB4me"},
        {"ISO 2022 IR 100\\ISO 2022 IR 144", "\xE9^\x1B-L\xBB", true, "\xC3\xA9^\xD0\x9B"},
        {"", "plain", false, "plain"},
        {"", "\xE9", false, "\xEF\xBF\xBD"},
        {"\\ISO 2022 IR 87", "\x1B$B;", false, ";"},
        {"\\ISO 2022 IR 87", "\x1B", false, "\x1B"},
        /* '^' ends a designation in a name: what follows is ASCII again */
        {"\\ISO 2022 IR 149", "\x1B$)C\xB1\xE8^\xB1\xE8", true,
         "\xEA\xB9\x80^\xEF\xBF\xBD\xEF\xBF\xBD"},
    };

    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        wk_error err = {0};
        wki_buf out;

        wki_buf_init(&out, 1000, "text");
        T_OK(wki_charset_to_utf8(table[i].charset, table[i].text, strlen(table[i].text),
                                 table[i].is_name, &out, &err),
             &err);
        T_STR(wki_buf_text(&out), table[i].utf8);
        wki_buf_clear(&out);
    }
}

static CU_TestInfo tests[] = {{"escapes choose the set", test_escapes_choose_the_set},
                              CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_charset = {"charset", NULL, NULL, NULL, NULL, tests};
