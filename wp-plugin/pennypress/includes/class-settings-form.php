<?php
/**
 * What the settings page sends.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Reads the form, saves it, and tests what stands in it.
 */
final class Settings_Form {

	const NONCE      = 'pennypress_settings';
	const CAPABILITY = 'manage_options';

	/**
	 * Settings as they stand in the form that was sent, and what is wrong with them.
	 *
	 * @return array{0: array<string, mixed>, 1: string[]}
	 */
	public static function read() {
		// phpcs:disable WordPress.Security -- the callers have checked the nonce; each value is checked here.
		$sent     = isset( $_POST['pennypress'] ) && is_array( $_POST['pennypress'] ) ? wp_unslash( $_POST['pennypress'] ) : array();
		$settings = Settings::all();
		$errors   = array();
		$wrong    = array(
			'service_url' => __( 'The service address is not an address: it should look like https://chat.example.com.', 'pennypress' ),
			'site_key'    => __( 'The site key is not a key: it has letters, digits and _ only, such as site_4f2a.', 'pennypress' ),
			'secret'      => __( 'The secret is not a secret: it is one word of 8 to 200 characters.', 'pennypress' ),
		);
		foreach ( $wrong as $name => $message ) {
			$typed = isset( $sent[ $name ] ) && is_string( $sent[ $name ] ) ? trim( $sent[ $name ] ) : '';
			if ( '' === $typed ) {
				// An empty secret means: keep the one that is saved. It is never shown, so it cannot be sent back.
				$settings[ $name ] = 'secret' === $name ? $settings[ $name ] : '';
				continue;
			}
			$value = call_user_func( array( Settings::class, $name ), $typed );
			if ( null === $value ) {
				$errors[] = $message;
			} else {
				$settings[ $name ] = $value;
			}
		}
		if ( ! empty( $sent['forget_secret'] ) ) {
			$settings['secret'] = '';
		}
		$show = array( Settings::SHOW_EVERYWHERE, Settings::SHOW_TYPES, Settings::SHOW_FRONT, Settings::SHOW_NOWHERE );
		if ( isset( $sent['show'] ) && in_array( $sent['show'], $show, true ) ) {
			$settings['show'] = $sent['show'];
		}
		$types             = isset( $sent['types'] ) && is_array( $sent['types'] ) ? $sent['types'] : array();
		$settings['types'] = array_values( array_intersect( get_post_types( array( 'public' => true ) ), $types ) );
		foreach ( array( 'exclude', 'learn_exclude' ) as $name ) {
			$ids = self::ids( isset( $sent[ $name ] ) && is_string( $sent[ $name ] ) ? $sent[ $name ] : '' );
			if ( null !== $ids ) {
				$settings[ $name ] = $ids;
			} else {
				$errors['ids'] = __( 'The pages to leave out are given by their numbers, with commas between them.', 'pennypress' );
			}
		}
		if ( isset( $sent['has_content'] ) ) {
			$settings = self::content( $sent, $settings );
		}
		// phpcs:enable
		return array( $settings, array_values( $errors ) );
	}

	/**
	 * What the chat learns, as it stands in the form.
	 *
	 * @param array                $sent     What was sent.
	 * @param array<string, mixed> $settings The settings so far.
	 * @return array<string, mixed> With these.
	 */
	private static function content( array $sent, array $settings ) {
		$possible = array_keys( Document_Rule::possible_types() );
		$types    = isset( $sent['learn_types'] ) && is_array( $sent['learn_types'] ) ? $sent['learn_types'] : array();
		$types    = array_values( array_intersect( $possible, $types ) );
		$terms    = isset( $sent['learn_exclude_terms'] ) && is_array( $sent['learn_exclude_terms'] ) ? array_filter( $sent['learn_exclude_terms'], 'is_string' ) : array();
		$terms    = array_slice( array_values( array_unique( array_filter( array_map( 'intval', $terms ) ) ) ), 0, 500 );

		$settings['learn_types']         = $types === $possible ? null : $types; // All: also kinds that come later.
		$settings['learn_exclude_terms'] = $terms;
		$settings['learn_noindex']       = ! empty( $sent['learn_noindex'] );
		$settings['learn_menus']         = ! empty( $sent['learn_menus'] );
		return $settings;
	}

	/**
	 * Ids that a person typed.
	 *
	 * @param string $typed Such as `12, 345`.
	 * @return int[]|null Null if something else stands there too.
	 */
	private static function ids( $typed ) {
		if ( preg_match( '/[^0-9,\s]/', $typed ) ) {
			return null;
		}
		$ids = array_map( 'intval', preg_split( '/[,\s]+/', $typed, 500, PREG_SPLIT_NO_EMPTY ) );
		return array_values( array_unique( array_filter( $ids ) ) );
	}

	/**
	 * Whether the form was sent, by someone who may send it. Dies if by someone who may not.
	 *
	 * @return string|null `save` or `test`.
	 */
	public static function sent() {
		if ( ! isset( $_POST['pennypress_do'] ) ) { // phpcs:ignore WordPress.Security.NonceVerification -- checked two lines below.
			return null;
		}
		check_admin_referer( self::NONCE );
		if ( ! current_user_can( self::CAPABILITY ) ) {
			wp_die( esc_html__( 'You may not change these settings.', 'pennypress' ), 403 );
		}
		return 'test' === $_POST['pennypress_do'] ? 'test' : 'save';
	}

	/**
	 * The result of testing what stands in the form.
	 *
	 * @param array<string, mixed> $settings From read().
	 * @param string[]             $errors   From read().
	 * @return array{ok: bool, text: string, advice: string}
	 */
	public static function test( array $settings, array $errors ) {
		if ( $errors ) {
			return array(
				'ok'     => false,
				'text'   => $errors[0],
				'advice' => '',
			);
		}
		$result = Connection_Test::run( $settings );
		if ( isset( $result['answer'] ) ) {
			self::keep_colours( $settings, $result['answer'] );
			unset( $result['answer'] );
		}
		return $result;
	}

	/**
	 * The colours that the operator chose for this site, if it is the one that is saved.
	 *
	 * @param array<string, mixed> $tested What was tested.
	 * @param array                $answer What the service said.
	 */
	private static function keep_colours( array $tested, array $answer ) {
		$saved = Settings::all();
		if ( $saved['site_key'] !== $tested['site_key'] || $saved['service_url'] !== $tested['service_url'] ) {
			return;
		}
		$before = $saved;
		foreach ( array( 'accent', 'on_accent' ) as $name ) {
			$colour = isset( $answer[ $name ] ) && is_string( $answer[ $name ] ) ? call_user_func( array( Settings::class, $name ), $answer[ $name ] ) : null;
			if ( null !== $colour ) {
				$saved[ $name ] = $colour;
			}
		}
		if ( $saved !== $before ) {
			Settings::save( $saved );
		}
	}

	/**
	 * Answers the page's script, which sends the whole form.
	 */
	public static function answer_test() {
		check_ajax_referer( self::NONCE );
		if ( ! current_user_can( self::CAPABILITY ) ) {
			wp_send_json_error( null, 403 );
		}
		list( $settings, $errors ) = self::read();
		wp_send_json( self::test( $settings, $errors ) );
	}
}
