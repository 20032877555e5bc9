#include <stdlib.h>
#include <string.h>

#include "verify.h"

// Right signatures in hexadecimal; of RSA and ECDSA the data are the digest. At least two of each
// algorithm, so that one's key can be tried on the other's signature.
static const struct {
	enum wv_alg alg;
	const char *key, *data, *signature;
} known[] = {
	// made for wirevet, 1024 bits
	{WV_ALG_RSASHA1,
		"03010001888eb2ffe342f4b8179099029aa75a66a8e04fca62147b5afa26f8259313f8dc"
		"229e43de5b82c6d10c8e1e673c2a9c6c9788a66c8081affd732ca855aba2747dc2edfcef"
		"4a57cc41d936ac581b5625fae2bb9de93ae680b73b51a18a644bc409a1db42f4839f125c"
		"9c1d0b672a74e28878868505f53c34ff7be628103d248657",
		"7e459a50876fb1af74ac2266a91fb71ded5b9810",
		"6f77f7292ba5a18e518f5e392db60d54742c66c88e74eaac3e12c6de9a9b444b90e741f4"
		"3176884136661c22f080e162994c1431e573d7b4162d31ec5492c276ad40b9b10b21195f"
		"3571e10f55b0b2b3f18894703bd8ea41654a61bea1347aea358f54f2d32f9d9e06d809bb"
		"fbca8cb8e571ced30ada6716e8ea4cc60f518582"},
	// made for wirevet, 512 bits, exponent 3
	{WV_ALG_RSASHA1,
		"0103e2161c6ef0dd254e42afd51adb3af5035677b2f9d8f027ea443de47703c0ccc094bc"
		"066793a4988adadd5c8f1c5db3475cd3829890d685c7464eb798ddd35ee7",
		"75bdaadbc23aa99dff4ef895fc1fe55099f042e5",
		"52544a7e0937071bc081524af57848ad0903876301658b8a9c6f0a5fe1d5701df30dad3e"
		"630ba6bfbe3efe25235d8a7e26374643b9406f04f73b8785080ab47c"},
	// RFC 5702 6.1, 512 bits
	{WV_ALG_RSASHA256,
		"03010001c15c1ac6b1c5d822bae1a60a45489b2e21f7d0aa4fb8f0637a5ec4f19c9d416d"
		"476161dfa069a27730b6467870082dbdde10b3c3e4c54769ea9fc395498e6dd9",
		"1f3cb0b430354865876f3a70a5d34ed10a4346fd67869aca7b824bf9218d90cc",
		"91108e1fabbb974406cbdaa90bd975b0b9dc25c38a14b27b1a18943a26eee2d798a79544"
		"f519dcae24a164dcfce66c2532034469c1582bf94fb4f89560fe1bc2"},
	// made for wirevet, 2048 bits
	{WV_ALG_RSASHA256,
		"0301000183a5c534d7fae64cfbb7491d676c3d4adce79efd338181b9e0bdff62834ae94a"
		"82512e0cf55fde4cf69f24e346b617211a1f587bb8ce95586be3b4db6fa0c4295de9fab5"
		"e48bd2bca5bdbe5bc980b28c560d14bc146af721f76c0728cfd3d4624d926b662e6ecc68"
		"5526d34c7fc9d2d716902763d4502a538bdce1ddbcd94aa2c13eca98ec42e63384a19a87"
		"dd745779ff6f74bf3ad719493f7892a72c756a3f7d9c2753a7d94db5fe146759d725c6e0"
		"ad0d9ce4abb0f02df1a84dd13e8263d9c699c6b20f907b02a905b29bc85f571ea951e8fd"
		"f4a2177feddb8c014ff9c370ce9be480528ff733fba57b6ab5d087940ff74e9b9f274470"
		"3053323ffa0ff01d",
		"9006e6d96f5ede62c7ca45e70951cbfc82fccadb18553f32656e1debb5dd9183",
		"09e7b0239ea595a9da5b553f7038003bd7530ce772b1766b045a4b36a7d03cd39bd033f2"
		"452a8c431ed511d1ef1ef9380c5ce2b67a3a9f6dce76e0f126999d36da8aa4130102c2e8"
		"16c8ff31efcc57205e1df7e466853529f0044014af7f53586367c6efdf8af0247f6405b9"
		"bb14ebb4291439eea6b8522f9dc2c20b70a4491c8717a8ad8ee9b9e5bf05709182752e11"
		"a1d792f7eeda585349f0e20293de8028df6b116e2f393a20519b66191f7b2e5c6075bfc1"
		"5376aaa6a52bd1fb5c043ee8507a62e549656079d49c082fd4fdc9deb2551d8f00f62dc8"
		"2ff05b30f30f67b7fda144c0f9287e49ebb7aa3604d24ed0ad3338230c0b78d3a84bdc80"
		"9c85b06f"},
	// RFC 5702 6.2, 1024 bits
	{WV_ALG_RSASHA512,
		"03010001d1e8353396f9eb7ce8ab89396443a75a6776fc1be98f379d25575f22c0dc32eb"
		"a1139490de97d0eea99d69e3250ba35ff03286a143c63d77b4e9c3f6eff591383b715eab"
		"92532b643b49090e4f0a5fc3ed034fb2056c32ed49d90f20a4ca73b4d14ba4f073d5b597"
		"8c3b5a47b6500656773c5635d994d29dca2b7df7069a138b",
		"be7f50a05dce52f78d2000125be707c4f7c81498a8d0c4d1484f0bc0df375c185de5a1d9"
		"7faec431123dcec1ec9ea7895826fb81cdbbdf0badb59cd0df247650",
		"b6c6f8c278d15039c1d41522fade933135d38635671be782916aa3bef8e1cd02f5774611"
		"a0e7b409bc6b54361dd310edb2e25169e530d5ea7de0fcc45b3af48866206415a6ff3a6a"
		"fbd7ceb9a8182517c3a9f45e281cccc1e38b0e235af223f983dbcc869bafe8e3e5be95f0"
		"9bd49af595c86cd9753011a4d1fb613e0c5d0cbc"},
	// made for wirevet, 2048 bits
	{WV_ALG_RSASHA512,
		"0301000194a2d976f226f88ba1667dc5045b468b5e7a86aaaef5b17fccaf2394d853584e"
		"8f52960e17c21b05934cfa56359f4e45b7989ed647b84c46c3c7663fe2c8e1f8cd587838"
		"01bdcc5ebef9b8aae67b647338c4144a951cfcfa65d1737d81bcc2e445af3105ff2566ca"
		"5a289939d4aeeaf8d926141c7804b787b2b66b71044abadf035f4f0f47e347d8e8fcf96c"
		"46ca533b4897262914e5af0d7524fac29a3aad01b6a9ce79afdb7854ebe065f255203793"
		"c20260211a260090258e4d214a20f6504730816ef003d79f822b479e7f78bb910d0c3ce8"
		"a12ccdb3afe1ad23a8ade1b445992be002d3d9adcf116c4d708946b2b306da74a9b5a13c"
		"6239659996242157",
		"d378a3e47c7275e0717b4ec92fa07ade2e0c5d8e29dd83a00c8df993c28d427952da2ff7"
		"1dd2a15cf55e527a62495befe1f6de45b4dfff368bfbce2c0b96ae6d",
		"5627130e4e4ae8cb5276fd3b7ef93dcdd5f3dc76ff1410ed23363004bf223028e0030bb3"
		"0d61b8fb80d683343ddfc15c64f63a17d8c9291dba37fa32efecc453be43ee6080f1bf3b"
		"5e6217f289df68b69dd71cc426a8e87b8295fabc67592dcb83633e5729e503400ada7ca6"
		"4acd547faf7cb777b794bf765ea23f61182ef1b8dcccbdc6b362dc7397eedaa2d484ca16"
		"f4ec70b4f69625d868147101fe4047eea1d90ea4806193c35223d1e28d09eeade1d641b5"
		"715421da8c2d1a46ed6e3cbcd4b85e5c4b49a4909840cad4d6c2908ff5200bed003a7a04"
		"945a1fa8eca05b813d5b6d85468f156a4e83ce6e442f4526f6981d698d93d8dcdc989e88"
		"25edc61b"},
	// RFC 6605 6.1
	{WV_ALG_P256,
		"1a88c88615d437fbb8bf9e1942a1929f28562706ae6c2bd399e7b1bfb6d1e9e75b92b4aa"
		"42917ae1c61b701ef035c3fe7be3009cbafe5a2f71316c902dcf0d00",
		"f3c3fc2bc93f926c16c726097de5bcafec49792d10effc432d4d03bc6aef54fe",
		"ab1eb02d8aa687e97da0229337aa8873e6f0eb26be289f28333d183f5d3b7a95c0c869ad"
		"fb748daee3c5286eed6682c12e5533186baced9c26c167a9ebae950b"},
	// made for wirevet
	{WV_ALG_P256,
		"01da7c9a16a6295349f06e45653bd3cefbd229f3340a45c75f45cbc95b1838d802a9caae"
		"e119a391deb0167c6f4177f1aab55b4b0ba9f17a8f836d862b749e57",
		"ad76ea95d801d30ee95f6cee131e7fb9e398d950601298f58a52711a6776b688",
		"7f84709c4a478449a63cf3bf4d5b8e053d2d19225e0da5bcd363c882b94e7ee9e4f6cf4b"
		"51a5cceb39bbc1e515aa70b14862fbca57abab7ffa1cf4f95b0911be"},
	// RFC 6605 6.2
	{WV_ALG_P384,
		"c4a61a36159d18e7c9fa73eb2fcfdaae4c1fd8463730327e484aca8af0554ae9b5c3f7a0"
		"b17bd2003b4d261c9e9b94423a9810e8af17d43452124adb610f8e07ebfcfee5f8e4d070"
		"63cae9eb917a1a5babf08fe695536017a5bfa93237ee6e34",
		"46e0ba859c5420f714d7cf5767df55579ea959bdc58ebbb7ad8ea813326d90eb65a7d98f"
		"f66ff00cfa0bfcf48d718a56",
		"fcbe610ca22f183c88d5f700457df3eb9aab98fb15cfbdd00f532be4212a3a22cff79871"
		"428baeae81827993afcc56b1b13f0696bef885b6af44a6b224dbb2742bb35934923ddcfb"
		"c27a972f96dd709ceeb1d9c8d1148c44ec71c068a959c266"},
	// made for wirevet
	{WV_ALG_P384,
		"f2ba5b43ada7748bb01d3e7e9d81a7efe80d5767936c9f236adfed0b68dee80f7f6c6769"
		"1bc2517eb2072fe68827a6c5ef72fd855462b28c3a7307a4287cb318095067adf9b41001"
		"d41297c21642bb2e4f12b9c6bf6e3af4306354e6ce2c1cc5",
		"a72f131b499b7d3b261de757bee44361c249f012cc5a0214c1da524304351c287c581341"
		"2dab1e57aa97f2b8f914f5cd",
		"ce5b1dc2c71b4f3ae5bded90a4dda9fc788c5eecc26dee4432ee22f1977c514fec47e374"
		"7ebde36a7f95fcba70366f02d3178b085100c12f87806c5a14f1fb11762c74b74d5448a3"
		"143fa3ab8785dbf02673aa20e815c458ef037fbf7bc9c22e"},
	// RFC 8080 6.1, first, with erratum 4935
	{WV_ALG_ED25519, "974d96a22d224bc01adb915091477d44ccd91c9a41a11430010117d52c59240e",
		"000f0f0200000e1055d4fc6055b94ce00e1d076578616d706c6503636f6d00076578616d"
		"706c6503636f6d00000f000100000e100014000a046d61696c076578616d706c6503636f"
		"6d00",
		"a0bf64ac9ba7ef17c138859c1878bb99a839fe1759aca5b0d798cf1ab1e98d079102f4dd"
		"b3368f0fe40bb377f1f00e0cddedb799167d56b6e932783072ba8d02"},
	// RFC 8080 6.1, second, with erratum 4935
	{WV_ALG_ED25519, "ccf9d9fd0c047bb4bc0b948fcf639f4b9451e34013936feb62713dc472048a3b",
		"000f0f0200000e1055d4fc6055b94ce08991076578616d706c6503636f6d00076578616d"
		"706c6503636f6d00000f000100000e100014000a046d61696c076578616d706c6503636f"
		"6d00",
		"cd74346e4620413105c9f2f28bd428898e83f19758a38c32521562a1865715d4f8d7440f"
		"4484d04aa2529f34284a6e69a09ee00fb0104743bb2ae239936a5c06"},
	// RFC 8080 6.2, first, signed anew with its private key (erratum 4935)
	{WV_ALG_ED448,
		"de481139a0e3ae1d07da2ba2c5606b73c8361290412c2746cc79a7f86d8ca533e1a63fce"
		"8815471d27cfa1dc751586147092a6d4c0e926d200",
		"000f100200000e1055d4fc6055b94ce025f1076578616d706c6503636f6d00076578616d"
		"706c6503636f6d00000f000100000e100014000a046d61696c076578616d706c6503636f"
		"6d00",
		"ddc3c01e49a59f17031ccca0eef142df89746e5061b86d6aa702e68c89c8f30d42301dbd"
		"164100209500d1a9b15a77649a7059e922a2c19480c4620b9ff341b4e5dfb74f868fb152"
		"bce2b113fd3bfb8450bc4e7cd4ddc08ff26d2326a261576762dc8c59b48dc86118db6d77"
		"58ab09970100"},
	// made for wirevet
	{WV_ALG_ED448,
		"d523db72e867abe937bf30f3cf1cb0ae96872e0cc0e764fe646de3a65fe05cdcbd8671e4"
		"2f9d848f7992630eb4a1d0a6b92d5691954adf2c80",
		"77697265766574206b6e6f776e20616e7377657220363077697265766574206b6e6f776e"
		"20616e7377657220363077697265766574206b6e6f776e20616e73776572203630776972"
		"65766574206b6e6f776e20616e7377657220363077697265766574206b6e6f776e20616e"
		"7377657220363077697265766574206b6e6f776e20616e73776572203630776972657665"
		"74206b6e6f77",
		"3e1a5a42012104bd19baa6d819ae294e253c02d8b8c8bf171c7e4cc73690429b3c3e40e0"
		"356fc8f8c03c413ab408872be043e7fb42315c1f8066129ebe4f14d98a42ffe808970d8a"
		"3b36c5d73f1f07d0c7463597eb11c82f5252e75954b8a5f2a99497f45c9c9ee98965fea4"
		"cffefb102d00"},
};

#define ROWS      2   // of each algorithm
#define KEY_ROOM  520 // RSA: exponent, and a modulus of 4096 bits
#define DATA_ROOM 256
#define SIG_ROOM  513 // one octet more than the longest

// A row in octets, and the job that it makes; `wrong` is what the job becomes by a mistake.
struct answer {
	uint8_t public_key[KEY_ROOM];
	uint8_t data[DATA_ROOM], wrong_data[DATA_ROOM];
	uint8_t signature[SIG_ROOM], wrong_signature[SIG_ROOM];
	struct wv_verify_key key;
	struct wv_verify_job job, wrong;
};

enum mistake {
	FIRST_OCTET,
	MIDDLE_OCTET,
	LAST_OCTET,
	OTHER_DATA,
	OTHER_KEY,
	OCTET_SHORT,
	OCTET_LONG,
	MISTAKES
};

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static uint16_t unhex(const char *hex, uint8_t *octets)
{
	uint16_t n = 0;

	for (; hex[0] != '\0'; hex += 2)
		octets[n++] = (uint8_t)(digit(hex[0]) << 4 | digit(hex[1]));
	return n;
}

// A key with its last bit turned: no point of the curve, or an even modulus. For EdDSA it may be one.
static bool bad_key_is_refused(
	const struct wv_verify_algorithm *algo, const struct wv_verify_key *good, unsigned slot)
{
	struct wv_verify_key key;
	uint8_t octets[KEY_ROOM];

	if (wv_verify_hash(good->alg) == WV_HASH_COUNT)
		return true;
	memcpy(octets, good->public_key, good->public_len);
	octets[good->public_len - 1] ^= 1;
	if (!wv_verify_key_read(&key, good->alg, octets, good->public_len)
		|| !algo->key_init(&key, slot))
		return true;
	if (algo->key_fini != NULL)
		algo->key_fini(&key, slot);
	return false;
}

static void answer_spoil(struct answer *a, enum mistake mistake, const struct answer *other)
{
	uint16_t len = a->job.signature_len;

	memcpy(a->wrong_data, a->data, sizeof(a->data));
	memcpy(a->wrong_signature, a->signature, sizeof(a->signature));
	a->wrong = a->job;
	a->wrong.data = a->wrong_data;
	a->wrong.signature = a->wrong_signature;
	switch (mistake) {
	case FIRST_OCTET:
		a->wrong_signature[0] ^= 1;
		break;
	case MIDDLE_OCTET:
		a->wrong_signature[len / 2] ^= 1;
		break;
	case LAST_OCTET:
		a->wrong_signature[len - 1] ^= 1;
		break;
	case OTHER_DATA:
		a->wrong_data[a->job.data_len / 2] ^= 1;
		break;
	case OTHER_KEY:
		a->wrong.key = &other->key;
		break;
	case OCTET_SHORT:
		a->wrong.signature_len--;
		break;
	case OCTET_LONG:
		a->wrong_signature[len] = 0;
		a->wrong.signature_len++;
		break;
	case MISTAKES:
		break;
	}
}

#define LANES 8 // more no driver does at once

/*
 * All lanes and one more; every other job is wrong, beginning with the one at `first`. A driver may
 * pass some on, but not all: that would be right, and of no use.
 */
static bool batch_is_right(const struct wv_verify_algorithm *algo, unsigned slot,
	const struct answer answers[ROWS], unsigned first)
{
	unsigned n = (algo->group < LANES ? algo->group : LANES) + 1;
	struct wv_verify_job jobs[WV_VERIFY_MAX];
	enum wv_verify_answer got[WV_VERIFY_MAX] = {WV_VERIFY_BAD};
	bool decided = false;

	for (unsigned i = 0; i < n; i++) {
		const struct answer *a = &answers[i / 2 % ROWS];

		jobs[i] = i % 2 == first ? a->wrong : a->job;
	}
	algo->run(jobs, n, slot, got);
	for (unsigned i = 0; i < n; i++) {
		if (got[i] == WV_VERIFY_PASSED_ON || got[i] == WV_VERIFY_EXCEPTION)
			continue;
		if ((got[i] == WV_VERIFY_GOOD) != (i % 2 != first))
			return false;
		decided = true;
	}
	return decided;
}

static bool answers_are_right(const struct wv_verify_algorithm *algo, unsigned slot,
	struct answer answers[ROWS], enum mistake end)
{
	for (unsigned m = 0; m < end; m++) {
		for (unsigned i = 0; i < ROWS; i++)
			answer_spoil(&answers[i], (enum mistake)m, &answers[(i + 1) % ROWS]);
		if (!batch_is_right(algo, slot, answers, 0)
			|| !batch_is_right(algo, slot, answers, 1))
			return false;
	}
	return true;
}

// Give each key a table of a size. False: the driver has none of it.
static bool tables_give(const struct wv_verify_algorithm *algo, struct answer answers[ROWS],
	enum wv_verify_table size)
{
	for (unsigned i = 0; i < ROWS; i++) {
		size_t octets = algo->table_octets(&answers[i].key, size);
		void *table = octets > 0 ? aligned_alloc(64, octets) : NULL;

		if (table == NULL)
			return false;
		algo->table_build(&answers[i].key, size, table);
		atomic_store(&answers[i].key.table, table);
	}
	return true;
}

static void tables_take(struct answer answers[ROWS])
{
	for (unsigned i = 0; i < ROWS; i++) {
		free((void *)(uintptr_t)atomic_load(&answers[i].key.table));
		atomic_store(&answers[i].key.table, NULL);
	}
}

static bool tables_are_right(
	const struct wv_verify_algorithm *algo, unsigned slot, struct answer answers[ROWS])
{
	for (unsigned size = 0; algo->table_octets != NULL && size < WV_VERIFY_TABLES; size++) {
		bool right = !tables_give(algo, answers, (enum wv_verify_table)size)
			|| answers_are_right(algo, slot, answers, MIDDLE_OCTET);

		tables_take(answers);
		if (!right)
			return false;
	}
	return true;
}

bool wv_verify_self_test(const struct wv_verify_algorithm *algo, enum wv_alg alg, unsigned slot)
{
	struct answer answers[ROWS];
	unsigned keys = 0;
	bool right;

	for (unsigned i = 0; i < WV_COUNT(known) && keys < ROWS; i++) {
		struct answer *a = &answers[keys];

		if (known[i].alg != alg)
			continue;
		a->job.key = &a->key;
		a->job.data = a->data;
		a->job.data_len = unhex(known[i].data, a->data);
		a->job.signature = a->signature;
		a->job.signature_len = unhex(known[i].signature, a->signature);
		if (!wv_verify_key_read(
			    &a->key, alg, a->public_key, unhex(known[i].key, a->public_key))
			|| !algo->key_init(&a->key, slot))
			break;
		keys++;
	}
	right = keys == ROWS && answers_are_right(algo, slot, answers, MISTAKES)
		&& bad_key_is_refused(algo, &answers[0].key, slot)
		&& tables_are_right(algo, slot, answers);
	while (keys-- > 0 && algo->key_fini != NULL)
		algo->key_fini(&answers[keys].key, slot);
	return right;
}
