#include "support/t.h"

#include <stdlib.h>

#include "flow/viewer/web_object.h"
#include "json/json.h"
#include "support/dicom_writer.h"
#include "support/scratch.h"

enum {
    BULK = 200000
};

static scratch place;
static unsigned char bulk[BULK];

static int set_up(void)
{
    scratch_make(&place);
    for (size_t i = 0; i < sizeof bulk; i++)
        bulk[i] = (unsigned char)(i * 7 + i / 256);
    return 0;
}

static int tear_down(void)
{
    scratch_remove(&place);
    return 0;
}

/* Three frames of 3 x 3 bits, and bulk data at the top and in the second item of a sequence. */
static const char *write_file(void)
{
    static const unsigned char pixels[] = {0xFF, 0x03, 0x00, 0x05};
    const char *path = scratch_path(&place, "o.dcm");
    dw_file f = {0};

    dw_text(&f, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.66.4");
    dw_text(&f, 0x00080018, "UI", "1.2.3.4");
    dw_text(&f, 0x0020000D, "UI", "1.2");
    dw_text(&f, 0x0020000E, "UI", "1.2.3");
    dw_us(&f, 0x00280002, 1);
    dw_text(&f, 0x00280004, "CS", "MONOCHROME2");
    dw_text(&f, 0x00280008, "IS", "3");
    dw_us(&f, 0x00280010, 3);
    dw_us(&f, 0x00280011, 3);
    dw_us(&f, 0x00280100, 1);
    dw_us(&f, 0x00280101, 1);
    dw_us(&f, 0x00280102, 0);
    dw_us(&f, 0x00280103, 0);
    dw_bytes(&f, 0x00420011, "OB", bulk, BULK);
    dw_sequence(&f, 0x54000100);
    dw_item(&f);
    dw_bytes(&f, 0x54001010, "OW", bulk, 16);
    dw_item_end(&f);
    dw_item(&f);
    dw_bytes(&f, 0x54001010, "OW", bulk, 2000);
    dw_item_end(&f);
    dw_sequence_end(&f);
    dw_bytes(&f, 0x7FE00010, "OB", pixels, sizeof pixels);
    dw_save(&f, path, "1.2.840.10008.5.1.4.1.1.66.4", "1.2.3.4");
    dw_clear(&f);
    return path;
}

static void test_metadata_gives_addresses_to_what_is_large(void)
{
    wki_web_object o;
    wk_error err = {0};
    char *json = NULL;
    wki_json *doc = NULL;
    const wki_json *item;

    T_OK(wki_web_object_open(&o, write_file(), &err), &err);
    T_OK(wki_web_object_metadata(&o, "http://h/x/", &json, &err), &err);
    T_OK(wki_json_parse(json, strlen(json), "metadata", &doc, &err), &err);
    T_STR(wki_json_str(wki_json_get(doc, "00420011"), "BulkDataURI"),
          "http://h/x/bulkdata/00420011");
    T_STR(wki_json_str(wki_json_get(doc, "7FE00010"), "BulkDataURI"), "http://h/x/frames");
    item = wki_json_first(wki_json_get(wki_json_get(doc, "54000100"), "Value"));
    CU_ASSERT_PTR_NOT_NULL(wki_json_str(wki_json_get(item, "54001010"), "InlineBinary"));
    item = wki_json_next(wki_json_get(wki_json_get(doc, "54000100"), "Value"), item);
    T_STR(wki_json_str(wki_json_get(item, "54001010"), "BulkDataURI"),
          "http://h/x/bulkdata/54000100/1/54001010");
    wki_json_free(doc);
    free(json);
    wki_web_object_close(&o);
}

static void test_bulk_data_is_read_in_pieces_by_its_address(void)
{
    static const char *const none[] = {"",
                                       "0042001",
                                       "00420012",
                                       "54000100",
                                       "00280008",
                                       "54000100/0/54001010",
                                       "54000100/7/54001010",
                                       "54000100/-1/54001010",
                                       "00420011/",
                                       "../00420011",
                                       "54000100/99999999999/54001010"};
    wki_web_object o;
    wk_error err = {0};
    const wki_dicom_bulk *value = NULL;
    unsigned char *got = malloc(BULK);

    T_OK(wki_web_object_open(&o, write_file(), &err), &err);
    T_OK(wki_dicom_bulk_find(o.file, "00420011", &value, &err), &err);
    CU_ASSERT_EQUAL_FATAL(wki_dicom_bulk_bytes(value), BULK);
    for (size_t at = 0; at < BULK; at += 65536)
        T_OK(wki_dicom_bulk_read(value, at, got + at, BULK - at < 65536 ? BULK - at : 65536, &err),
             &err);
    CU_ASSERT_EQUAL(memcmp(got, bulk, BULK), 0);
    T_OK(wki_dicom_bulk_find(o.file, "54000100/1/54001010", &value, &err), &err);
    T_OK(wki_dicom_bulk_read(value, 0, got, 2000, &err), &err);
    CU_ASSERT_EQUAL(memcmp(got, bulk, 2000), 0);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        wk_error_clear(&err);
        T_FAILS(wki_dicom_bulk_find(o.file, none[i], &value, &err), WK_NOT_FOUND, &err);
    }
    free(got);
    wki_web_object_close(&o);
}

static void test_frames_of_bits_begin_with_a_byte(void)
{
    static const unsigned char expected[3][2] = {{0xFF, 0x01}, {0x01, 0x00}, {0x40, 0x01}};
    wki_web_object o;
    wk_error err = {0};
    char label[WKI_FRAME_LABEL_SIZE];

    T_OK(wki_web_object_open(&o, write_file(), &err), &err);
    CU_ASSERT_EQUAL(o.frames, 3);
    for (uint32_t i = 0; i < 3; i++) {
        wki_frame_bytes bytes = {0};

        T_OK(wki_web_object_frame(&o, i, &bytes, label, &err), &err);
        CU_ASSERT_EQUAL_FATAL(bytes.n, 2);
        CU_ASSERT_EQUAL(memcmp(bytes.data, expected[i], 2), 0);
        wki_frame_bytes_clear(&bytes);
    }
    T_FAILS(wki_web_object_frame(&o, 3, &(wki_frame_bytes){0}, label, &err), WK_NOT_FOUND, &err);
    wki_web_object_close(&o);
}

static CU_TestInfo tests[] = {
    {"metadata gives addresses to what is large", test_metadata_gives_addresses_to_what_is_large},
    {"bulk data is read in pieces by its address", test_bulk_data_is_read_in_pieces_by_its_address},
    {"frames of bits begin with a byte", test_frames_of_bits_begin_with_a_byte},
    CU_TEST_INFO_NULL};
const CU_SuiteInfo suite_web_object = {"web_object", set_up, tear_down, NULL, NULL, tests};
